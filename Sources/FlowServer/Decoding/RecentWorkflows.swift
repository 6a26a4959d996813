import FlowCore
import FlowJSON
import Synchronization

/// The workflows of the last submissions. Clients send the same ones over and over, with other inputs; what was read and
/// checked once is neither read nor checked again, and its runs share it in memory.
final class RecentWorkflows: Sendable {
    /// What is known at a moment.
    struct Known: Sendable {
        var texts: [JSONRecall.Parsed] = []
        /// What each of the texts says.
        var workflows: [Workflow] = []
    }

    /// How many are kept.
    private static let most = 8
    /// Of longer texts none are.
    private static let longest = 32 << 10

    private let state = Mutex(Known())

    var known: Known { state.withLock { $0 } }

    /// Keeps a workflow, in place of the one that has been kept for the longest time.
    func add(_ text: JSONRecall.Parsed, _ workflow: Workflow) {
        guard text.text.count <= Self.longest else { return }
        state.withLock { known in
            if known.texts.count == Self.most {
                known.texts.removeFirst()
                known.workflows.removeFirst()
            }
            known.texts.append(text)
            known.workflows.append(workflow)
        }
    }
}
