import FlowCore
import FlowSystem
import Logging

/// Writes log entries to the standard error, one line each, for people.
struct TextLogHandler: LogHandler {
    let label: String
    let clock: any WallClock
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var line = "\(clock.now) \(event.level.rawValue) \(label): \(event.message)"
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            let text = "\(value)".replacing("\n", with: "\\n")
            line += text.contains(" ") ? " \(key)=\"\(text)\"" : " \(key)=\(text)"
        }
        StandardStreams.writeError(line + "\n")
    }
}
