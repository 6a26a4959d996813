import FlowCore
import Synchronization

/// Follows to whom a node is handed on within a try, so that the next try, which begins anew, is told as such.
final class HandOver: Sendable {
    private let tell: @Sendable (BackendSwitch) -> Void
    private let course = Mutex<(first: BackendName, last: BackendName)?>(nil)

    init(_ tell: @escaping @Sendable (BackendSwitch) -> Void) { self.tell = tell }

    /// Takes note of a hand-over and tells it.
    @Sendable func report(_ change: BackendSwitch) {
        course.withLock { $0 = ($0?.first ?? change.from, change.to) }
        tell(change)
    }

    /// Tells that the backend has the node again which had it first, if another one has it now.
    func goBack(because error: BackendError) {
        let course = course.withLock { $0.take() }
        guard let course, course.first != course.last else { return }
        tell(BackendSwitch(from: course.last, to: course.first, code: error.code, reason: error.message))
    }
}
