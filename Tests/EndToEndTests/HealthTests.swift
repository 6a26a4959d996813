import FlowJSON
import Foundation
import TestSupport
import Testing

@Suite("flowcore health", .timeLimit(.minutes(2)))
struct HealthTests {
    @Test("it asks the server that the settings describe, from the file as from variables")
    func settings() async throws {
        let folder = try madeDirectory()
        let server = try await ServerProcess(data: folder + "/db", arguments: ["--host", "127.0.0.3"])
        let port = "\(server.port)"
        let right = try file("right.yaml", "server:\n  host: 127.0.0.3\n  port: \(port)\n", in: folder)
        let other = try file("other.yaml", "server:\n  host: 127.0.0.4\n  port: \(port)\n", in: folder)
        let host = ["FLOWCORE_SERVER_HOST": "127.0.0.3"]
        for (arguments, environment, code) in [
            (["--config", right], [:], Int32(0)), (["--config", other], [:], 1), (["--config", other], host, 0),
            ([], host.merging(["FLOWCORE_SERVER_PORT": port]) { $1 }, 0), ([], ["FLOWCORE_SERVER_PORT": port], 1),
            (["--config", other, "--server", "http://127.0.0.3:\(port)"], [:], 0),
        ] {
            let result = try await flowcore(["health"] + arguments, environment: environment)
            #expect(result.code == code, "\(arguments) \(environment): \(result.error)")
            #expect(result.error.isEmpty == (code == 0))
        }
        #expect(try await server.stop() == 0)
        let gone = try await flowcore(["health", "--config", right])
        #expect(gone.code == 1 && gone.error.contains("http://127.0.0.3:\(port) does not answer"), "\(gone.error)")
        let broken = try file("broken.yaml", "server:\n  port: many\n", in: folder)
        #expect(try await flowcore(["health", "--config", broken]).code == 78)
        #expect(try await flowcore(["health"], environment: ["FLOWCORE_SERVER_PROT": port]).code == 78)
    }

    @Test("a server that listens everywhere, or with TLS, is asked on this machine")
    func everywhere() async throws {
        let folder = try madeDirectory()
        let files = try await certificate(in: folder)
        let tls = ["FLOWCORE_TLS_CERTIFICATE": files.certificate, "FLOWCORE_TLS_KEY": files.key]
        for (host, more) in [("0.0.0.0", [:]), ("127.0.0.1", tls)] {
            var environment = more
            environment["FLOWCORE_SERVER_HOST"] = host
            environment["FLOWCORE_AUTH_ALLOW_ANONYMOUS"] = "true"
            let server = try await ServerProcess(data: folder + "/db", environment: environment)
            environment["FLOWCORE_SERVER_PORT"] = "\(server.port)"
            let result = try await flowcore(["health"], environment: environment)
            #expect(result.code == 0, "\(host): \(result.error)")
            #expect(try await server.stop() == 0)
        }
    }
}
