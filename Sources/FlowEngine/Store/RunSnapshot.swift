public import FlowCore
import Synchronization

/// A run's state at one position, shared by everybody who reads it.
public final class RunSnapshot: Sendable {
    /// The state.
    public let context: WorkflowContext
    /// The run's place in the order of submission.
    public let sequence: Int64
    private let cached = Mutex<[UInt8]?>(nil)

    /// Makes a snapshot.
    public init(_ context: WorkflowContext, sequence: Int64) {
        self.context = context
        self.sequence = sequence
    }

    /// The state as bytes, made by the first who asks and kept for the others.
    public func representation(_ make: (WorkflowContext) -> [UInt8]) -> [UInt8] {
        if let bytes = cached.withLock({ $0 }) { return bytes }
        let bytes = make(context)
        cached.withLock { $0 = bytes }
        return bytes
    }
}
