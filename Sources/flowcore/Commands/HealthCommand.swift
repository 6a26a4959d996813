import ArgumentParser
import AsyncHTTPClient
import FlowSystem
import NIOCore
import NIOHTTP1

/// Asks a server whether it is alive: the health check of the container.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Asks a server whether it is alive.")

    @Option(name: .long, help: "The server.")
    var server = "http://127.0.0.1:8080"

    func run() async throws {
        do {
            let response = try await HTTPClient.shared.execute(
                HTTPClientRequest(url: server + "/livez"), timeout: .seconds(3))
            guard response.status == .ok else {
                StandardStreams.writeError("flowcore: \(server) answered with \(response.status.code)\n")
                throw ExitCode(1)
            }
        } catch let code as ExitCode {
            throw code
        } catch {
            StandardStreams.writeError("flowcore: \(server) does not answer: \(error)\n")
            throw ExitCode(1)
        }
    }
}
