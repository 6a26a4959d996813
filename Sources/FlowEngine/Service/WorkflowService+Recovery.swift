import FlowCore
import Logging

extension WorkflowService {
    /// Folds every unfinished run from its journal and hands it back to its backend.
    func recover() async throws(JournalError) -> Int {
        var recovered = 0
        for entry in try await engine.journal.unfinished() {
            guard let context = try await fold(entry.id), !context.status.isFinished else { continue }
            guard let run = await store.adopt(context, sequence: entry.sequence) else { continue }
            var users: [RegisteredBackend] = []
            for name in [entry.backend] + context.graph.workflow.otherBackends(than: entry.backend) {
                if let user = registry.acquire(name) { users.append(user) }
            }
            guard let backend = users.first(where: { $0.name == entry.backend }) else {
                // Its backend could not be made again. The run stays as it is until a start finds the backend.
                logger.error(
                    "run cannot be taken up: its backend is not registered",
                    metadata: ["workflow_id": "\(entry.id)", "backend": "\(entry.backend)"])
                for user in users { user.release() }
                store.retire(run)
                continue
            }
            let session = RunSession(
                live: run, engine: engine, start: .init(context: context, idempotency: nil, isNew: false))
            execute(session, run, on: backend.backend, users: users, executor: nil)
            recovered += 1
        }
        return recovered
    }
}
