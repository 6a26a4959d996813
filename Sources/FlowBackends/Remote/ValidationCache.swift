import FlowCore
import FlowJSON
import Synchronization

/// What a remote backend said of configurations not long ago. A workflow is submitted many times, and its nodes stay the
/// same.
final class ValidationCache: Sendable {
    /// So many answers are kept, so long.
    private static let capacity = 512
    private static let time: Duration = .seconds(60)

    struct Key: Hashable, Sendable {
        let type: String
        let config: JSONObject
    }

    private struct Entry: Sendable {
        let issues: [ValidationIssue]
        let time: Timestamp
    }

    private let entries = Mutex<[Key: Entry]>([:])

    func issues(_ key: Key, now: Timestamp) -> [ValidationIssue]? {
        entries.withLock { entries in
            guard let entry = entries[key] else { return nil }
            guard entry.time.duration(to: now) < Self.time else {
                entries[key] = nil
                return nil
            }
            return entry.issues
        }
    }

    func keep(_ issues: [ValidationIssue], for key: Key, now: Timestamp) {
        entries.withLock { entries in
            if entries.count >= Self.capacity { entries = [:] }
            entries[key] = Entry(issues: issues, time: now)
        }
    }

    /// Forgets everything: the backend is another one now.
    func clear() { entries.withLock { $0 = [:] } }
}
