import FlowHosting
import TextBackend

/// Serves the backend `text`, and its node type also on the backend `native`.
@main
struct Main {
    static func main() async throws {
        var configuration = FlowCoreServer.Configuration(directory: "data")
        configuration.backends = [TextBackend()]
        configuration.nodeTypes = [WordCount()]
        try await FlowCoreServer(configuration).run()
    }
}
