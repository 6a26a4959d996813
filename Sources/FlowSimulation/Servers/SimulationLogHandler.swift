import Logging

/// Hands what a server logs to whoever replays a seed.
struct SimulationLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .notice
    private let world: World

    init(_ world: World) { self.world = world }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        world.log(
            "log: \(event.message) \(event.metadata?.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } ?? [])")
    }
}
