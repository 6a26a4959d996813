import FlowBackends
import FlowCore
import Synchronization

/// A backend that the suite was lent: it is used like any other, and not shut down.
struct GuestBackend: DecoratingBackend {
    let guest: any Backend
    /// Which of its nodes it executes.
    let attempts = Attempts()
    var name: BackendName { guest.name }
    var type: String { guest.type }
    var base: (any Backend)? { guest }

    func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        let tally = attempts.tallies(of: request.run.id)
        tally.begun.increment()
        defer { tally.ended.increment() }
        return try await guest.executeNode(request)
    }

    func shutdown() async {}
}

extension GuestBackend {
    /// The attempts at nodes, by their runs.
    final class Attempts: Sendable {
        private let runs = Mutex<[WorkflowID: (begun: Tally, ended: Tally)]>([:])

        /// How many attempts of a run the backend has begun, and ended.
        func tallies(of run: WorkflowID) -> (begun: Tally, ended: Tally) {
            runs.withLock { runs in
                let tallies = runs[run] ?? (Tally(), Tally())
                runs[run] = tallies
                return tallies
            }
        }
    }
}
