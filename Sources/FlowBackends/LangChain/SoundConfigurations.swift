import FlowJSON
import Synchronization

/// The configurations whose objects have been made: what is submitted over and over need not be asked about each time.
final class SoundConfigurations: Sendable {
    /// As many as a process keeps objects.
    private static let limit = 256

    private struct State: Sendable {
        var starts = 0
        var configurations: Set<JSONObject> = []
    }

    private let state = Mutex(State())

    /// Whether the object was made by processes that have not been replaced since.
    func contains(_ configuration: JSONObject, since starts: Int) -> Bool {
        state.withLock { $0.starts == starts && $0.configurations.contains(configuration) }
    }

    /// Takes note that the object was made.
    func add(_ configuration: JSONObject, since starts: Int) {
        state.withLock { state in
            if state.starts != starts || state.configurations.count >= Self.limit { state.configurations = [] }
            state.starts = starts
            state.configurations.insert(configuration)
        }
    }
}
