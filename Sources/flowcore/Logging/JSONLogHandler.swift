import FlowCore
import FlowJSON
import FlowSystem
import Logging

/// Writes log entries to the standard error, one JSON object a line.
struct JSONLogHandler: LogHandler {
    let label: String
    let clock: any WallClock
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("time")
        writer.string(clock.now.description)
        writer.field("level")
        writer.string(event.level.rawValue)
        writer.field("logger")
        writer.string(label)
        writer.field("message")
        writer.string(event.message.description)
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            writer.name(key)
            writer.string("\(value)")
        }
        writer.endObject()
        StandardStreams.writeError(String(decoding: writer.bytes, as: UTF8.self) + "\n")
    }
}
