import ArgumentParser
import FlowEngine
import FlowJSON
import FlowSystem
import FoundationEssentials

/// Checks the receipts of a run.
struct VerifyReceiptsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify-receipts", abstract: "Checks the receipts of a run.",
        discussion: """
            Takes the files that GET /workflows/{id}/receipts was saved to, page after page, or the URL of a run,
            http://host/workflows/ID, of which it reads receipts and run itself. Files need no server. Exits with 65 when
            a receipt does not say what its hash says, does not build on the one before, or is missing.
            """)

    @Argument(help: "Files with the pages of receipts in their order, or the URL of a run.")
    var sources: [String]
    @Option(name: .long, help: "A file with the run, whose inputs and outputs are checked as well.")
    var run: String?
    @Option(name: .long, help: "The API key of the server; FLOWCORE_API_KEY by default.")
    var key: String?

    func run() async throws {
        do {
            var verifier = ReceiptVerifier()
            for source in sources {
                if source.hasPrefix("http://") || source.hasPrefix("https://") {
                    try await read(source, &verifier)
                } else {
                    verifier.add(page: try Self.file(source))
                }
            }
            if let run { verifier.check(run: try Self.file(run)) }
            verifier.finish()
            guard verifier.problems.isEmpty else {
                for problem in verifier.problems { StandardStreams.writeError("flowcore: \(problem)\n") }
                throw ExitCode(65)
            }
            StandardStreams.write("\(verifier.count) receipts verified\n")
        } catch let error as UsageError {
            StandardStreams.writeError("flowcore: \(error)\n")
            throw ExitCode(66)
        }
    }

    /// Reads all receipts of the run at a URL, and the run.
    private func read(_ url: String, _ verifier: inout ReceiptVerifier) async throws {
        let parts = url.split(separator: "/workflows/", maxSplits: 1).map(String.init)
        guard parts.count == 2, let id = parts[1].split(separator: "/").first else {
            throw UsageError(
                description: "\(url): expected the URL of a run, such as http://localhost:8080/workflows/ID")
        }
        let server = RemoteRun(
            server: parts[0], key: key ?? ProcessInfo.processInfo.environment["FLOWCORE_API_KEY"])
        var after: Int64? = 0
        while let number = after {
            let page = try await server.call("GET", "/workflows/\(id)/receipts?after=\(number)&limit=1000", body: nil)
            verifier.add(page: page)
            after = page["next_after"]?.integer
        }
        verifier.check(run: try await server.call("GET", "/workflows/\(id)", body: nil))
    }

    private static func file(_ path: String) throws -> JSONValue {
        do { return try JSONParser.parse(Array(try Data(contentsOf: URL(filePath: path)))) } catch {
            throw UsageError(description: "\(path) cannot be read: \(error)")
        }
    }
}
