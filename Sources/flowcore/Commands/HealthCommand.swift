import ArgumentParser
import AsyncHTTPClient
import FlowSystem
import MicroHTTPD
import NIOCore
import NIOHTTP1
import NIOSSL

/// Asks a server whether it is alive: the health check of the container.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Asks a server whether it is alive.")

    @Option(name: .long, help: "The server; by default the one that the settings describe.")
    var server: String?
    @Option(name: .long, help: "The configuration file (YAML) of the server.")
    var config: String?

    func run() async throws {
        let server: String
        var client = HTTPClient.Configuration()
        if let given = self.server {
            server = given
        } else {
            let settings: Settings
            do {
                settings = try await Settings(file: config, flags: [])
            } catch {
                StandardStreams.writeError("flowcore: \(error)\n")
                throw ExitCode(78)
            }
            // Only this machine is asked, whose certificate need not name its loopback address.
            client.tlsConfiguration = .makeClientConfiguration()
            client.tlsConfiguration?.certificateVerification = .none
            server = "\(settings.http.tls == nil ? "http" : "https")://\(Self.host(settings)):\(settings.http.port)"
        }
        let caller = HTTPClient(eventLoopGroupProvider: .singleton, configuration: client)
        let outcome: Result<Void, any Error>
        do { outcome = .success(try await Self.ask(server, caller)) } catch { outcome = .failure(error) }
        try await caller.shutdown()
        try outcome.get()
    }

    /// Where the server that the settings describe can be reached from this machine.
    private static func host(_ settings: Settings) -> String {
        switch settings.http.host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "[::1]"
        case let host where host.contains(":"): "[\(host)]"
        case let host: host
        }
    }

    private static func ask(_ server: String, _ client: HTTPClient) async throws {
        do {
            let response = try await client.execute(HTTPClientRequest(url: server + "/livez"), timeout: .seconds(3))
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
