package import Logging
import Synchronization

/// Keeps what is logged.
package final class LogKeeper: Sendable {
    package struct Entry: Sendable {
        package let level: Logger.Level
        package let message: String
        package let metadata: [String: String]
    }

    private let entries = Mutex<[Entry]>([])
    private let note: @Sendable (Entry) -> Void

    /// - Parameter note: What else happens to each entry.
    package init(_ note: @escaping @Sendable (Entry) -> Void = { _ in }) { self.note = note }

    /// What was logged, in order.
    package var all: [Entry] { entries.withLock { $0 } }

    /// A logger whose entries are kept, of every level.
    package func logger(_ label: String) -> Logger { Logger(label: label) { _ in Handler(keeper: self) } }

    private struct Handler: LogHandler {
        let keeper: LogKeeper
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }.mapValues { "\($0)" }
            let entry = Entry(level: event.level, message: event.message.description, metadata: all)
            keeper.entries.withLock { $0.append(entry) }
            keeper.note(entry)
        }
    }
}
