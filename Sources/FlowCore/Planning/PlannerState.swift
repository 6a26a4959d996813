import FlowJSON

extension Planner {
    /// What the planner knows of one node beside its context.
    struct NodeState: Sendable {
        /// How many predecessors have not ended.
        var missing: Int32
        /// How many predecessors have ended and were not skipped.
        var passable: Int32 = 0
        var isRunning = false
        /// Whether what runs is a task, which a backend or another run carries out.
        var isTask = false
        /// Whether a choice went past the node.
        var isBarred = false
        var isInterrupted = false
        /// Whether another attempt is due at a later time.
        var isWaiting = false
    }

    /// What the planner knows of nodes that run together.
    struct ScopeState: Sendable {
        /// How many nodes have not ended.
        var unfinished: Int
        /// How many nodes are being executed, those of bodies inside included.
        var running = 0
        /// Why the scope is coming to an end.
        var failure: NodeFailure?
        /// Whether the scope has ended, so that nothing in it matters any more.
        var isOver = false
    }

    /// How far a node is with its body.
    struct BodyState: Sendable {
        /// What a `for_each` runs over.
        var items: [JSONValue] = []
        /// What came of each item.
        var results: [JSONValue] = []
        /// The items that failed and were given another output.
        var failedItems: [Int] = []
        /// What a loop's next iteration works on.
        var value: JSONValue = .null
        /// Whether a loop has an iteration behind it whose end has not been looked at.
        var isFresh = false
        /// How many iterations have begun, and how many of them go on.
        var begun = 0
        var active = 0
        /// Why the node fails once no iteration goes on.
        var failure: NodeFailure?
    }

    /// An instant at which something is due.
    struct Alarm: Comparable, Sendable {
        enum Reason: Sendable {
            /// Another attempt.
            case retry
            /// The end of the wait for an answer.
            case answer
            /// The end of the time that a body has.
            case body
        }

        let instant: Timestamp
        let index: Int
        let reason: Reason

        static func < (left: Alarm, right: Alarm) -> Bool {
            (left.instant, left.index) < (right.instant, right.index)
        }

        static func == (left: Alarm, right: Alarm) -> Bool {
            left.instant == right.instant && left.index == right.index
        }
    }
}
