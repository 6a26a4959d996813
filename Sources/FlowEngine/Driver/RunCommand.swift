import FlowCore
import FlowJSON
import Synchronization

/// What somebody asks of a run that is being executed.
enum RunCommand: Sendable {
    /// That it end.
    case cancel(reason: String?)
    /// That no further node be started.
    case pause
    /// That it go on.
    case resume
    /// That an interrupted node take this as its result.
    case answer(NodeID, Result<JSONValue, NodeFailure>)
    /// That another backend go on with it.
    case move(BackendName)
}

/// The answer to a command: the position of the event that it made, or why it made none.
final class RunReply: Sendable {
    enum Answer: Sendable {
        case done(position: Int)
        case refused(ServiceError)
        /// Nobody drives the run any more.
        case gone
    }

    private struct State: Sendable {
        var answer: Answer?
        var waiter: CheckedContinuation<Answer, Never>?
    }

    private let state = Mutex(State())

    /// Gives the answer. Only the first one counts.
    func give(_ answer: Answer) {
        let waiter = state.withLock { state -> CheckedContinuation<Answer, Never>? in
            guard state.answer == nil else { return nil }
            state.answer = answer
            return state.waiter.take()
        }
        waiter?.resume(returning: answer)
    }

    /// Waits for the answer, which always comes: from the driver, or when the run's inbox is closed.
    func answer() async -> Answer {
        await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Answer? in
                if state.answer == nil { state.waiter = continuation }
                return state.answer
            }
            if let answer { continuation.resume(returning: answer) }
        }
    }
}
