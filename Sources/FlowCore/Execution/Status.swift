/// Where a node of a run stands.
public enum NodeStatus: String, Hashable, Sendable, CaseIterable {
    /// It waits for its turn.
    case pending
    /// An attempt is under way.
    case running
    /// It has its output.
    case completed
    /// Its last attempt failed.
    case failed
    /// It will not run, since something before it ended otherwise than it needs.
    case skipped
    /// It was stopped, or its run was before it started.
    case cancelled
    /// It waits for an answer from outside.
    case interrupted

    /// Whether the status is final.
    public var isFinished: Bool {
        switch self {
        case .pending, .running, .interrupted: false
        case .completed, .failed, .skipped, .cancelled: true
        }
    }
}

/// Where a run stands.
public enum WorkflowStatus: String, Hashable, Sendable, CaseIterable {
    /// It is accepted and has not started.
    case pending
    /// Its nodes are being executed.
    case running
    /// It has its output.
    case completed
    /// A node failed, or the run took too long.
    case failed
    /// It was stopped on request.
    case cancelled
    /// It waits for an answer from outside.
    case interrupted

    /// Whether the status is final.
    public var isFinished: Bool {
        switch self {
        case .pending, .running, .interrupted: false
        case .completed, .failed, .cancelled: true
        }
    }
}

/// What a run survives.
public enum Durability: String, Hashable, Sendable, CaseIterable {
    /// Every event is on disk before it is reported: the run survives a crash and a power cut.
    case full
    /// The run lives in memory alone and is gone with the server.
    case none
}
