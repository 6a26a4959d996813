public import FlowJSON

/// The earlier run that a run repeats from one of its nodes on.
public final class RunOrigin: Hashable, Sendable {
    /// What is taken over of a node that is not executed again.
    public struct Taken: Hashable, Sendable {
        /// How the node had ended: completed, skipped, or failed without failing the run.
        public var status: NodeStatus
        /// What the node had made.
        public var output: JSONValue?
        /// What it had said beside that.
        public var notes: CompletionNotes?
        /// Why the node had failed, and with which attempt.
        public var failure: Failure?

        /// How a node failed that did not fail its run.
        public struct Failure: Hashable, Sendable {
            /// Why.
            public var error: NodeFailure
            /// The number of its last attempt.
            public var attempt: Int
            /// The backend that had executed it.
            public var backend: BackendName

            /// Tells of a failure.
            public init(error: NodeFailure, attempt: Int, backend: BackendName) {
                self.error = error
                self.attempt = attempt
                self.backend = backend
            }
        }

        /// Takes a node over.
        public init(
            status: NodeStatus, output: JSONValue?, notes: CompletionNotes? = nil, failure: Failure? = nil
        ) {
            self.failure = failure
            self.status = status
            self.output = output
            self.notes = notes
        }
    }

    /// The earlier run.
    public let id: WorkflowID
    /// The node from which it is repeated; `nil` from the beginning.
    public let from: NodeID?
    /// What is taken over.
    public let taken: [NodeID: Taken]

    /// Makes an origin.
    public init(id: WorkflowID, from: NodeID?, taken: [NodeID: Taken]) {
        self.id = id
        self.from = from
        self.taken = taken
    }

    /// Origins are equal when they say the same.
    public static func == (left: RunOrigin, right: RunOrigin) -> Bool {
        left.id == right.id && left.from == right.from && left.taken == right.taken
    }

    /// Hashes the earlier run and the node.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(from)
    }
}

/// The node of a run that started another run.
public struct RunParent: Hashable, Sendable {
    /// The run that the node belongs to.
    public var id: WorkflowID
    /// The node.
    public var node: NodeID
    /// How many runs are above the started one.
    public var depth: Int

    /// Makes a parent.
    public init(id: WorkflowID, node: NodeID, depth: Int) {
        self.id = id
        self.node = node
        self.depth = depth
    }
}
