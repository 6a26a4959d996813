import ArgumentParser
import FlowCore
import FlowEngine
import FlowJSON
import FlowServer
import FlowSystem
import FoundationEssentials

/// Runs a workflow here or on a server.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Runs a workflow, here or on a server.",
        discussion: """
            The output goes to the standard output as JSON, the progress of the nodes to the terminal. Exits with 0 when
            the run completed, 1 when it failed, 2 when it was cancelled, 65 when the workflow is not acceptable.
            """)

    @Argument(help: "A workflow or a submission, as JSON or YAML.")
    var file: String
    @Option(name: .long, help: "The input as JSON, or @FILE.")
    var input: String?
    @Option(name: .long, help: "The backend that executes the run.")
    var backend: String?
    @Option(name: .long, help: "The server that runs it; without one it is run in this process.")
    var server: String?
    @Option(name: .long, help: "The API key of the server; FLOWCORE_API_KEY by default.")
    var key: String?

    func run() async throws {
        do {
            var submission = try WorkflowFile(path: file).submission
            if let input { submission["input"] = try Self.value(input) }
            if let backend { submission["backend"] = .string(backend) }
            let outcome: RunOutcome
            if let server {
                let key = key ?? ProcessInfo.processInfo.environment["FLOWCORE_API_KEY"]
                outcome = try await RemoteRun(server: server, key: key).run(submission)
            } else {
                outcome = try await LocalRun.run(submission)
            }
            if let error = outcome.error { StandardStreams.writeError("flowcore: \(error)\n") }
            StandardStreams.write("\(outcome.output)\n")
            switch outcome.status {
            case "completed": return
            case "cancelled": throw ExitCode(2)
            default: throw ExitCode(1)
            }
        } catch let error as FlowCore.ValidationError {
            for issue in error.issues { StandardStreams.writeError("\(file): \(issue)\n") }
            throw ExitCode(65)
        } catch let error as UsageError {
            StandardStreams.writeError("flowcore: \(error)\n")
            throw ExitCode(66)
        }
    }

    private static func value(_ text: String) throws -> JSONValue {
        do {
            guard text.hasPrefix("@") else { return try JSONParser.parse(text) }
            return try JSONParser.parse(Array(try Data(contentsOf: URL(filePath: String(text.dropFirst())))))
        } catch {
            throw UsageError(description: "--input: \(error)")
        }
    }
}

/// How a run ended.
struct RunOutcome: Sendable {
    let status: String
    let output: JSONValue
    let error: String?
}

/// Shows on a terminal what happens to the nodes.
struct Progress {
    private let isShown = StandardStreams.errorIsTerminal

    func show(_ type: String, _ event: JSONValue) {
        guard isShown, let node = event["node_id"]?.string else { return }
        switch type {
        case "node_started": StandardStreams.writeError("  \(node) started\n")
        case "node_completed": StandardStreams.writeError("  \(node) completed\n")
        case "node_failed":
            StandardStreams.writeError("  \(node) failed: \(event["error"]?["message"]?.string ?? "")\n")
        case "backend_switched":
            let from = event["from_backend"]?.string ?? ""
            StandardStreams.writeError("  \(node) goes from \(from) to \(event["backend"]?.string ?? "")\n")
        case "node_cancelled": StandardStreams.writeError("  \(node) cancelled\n")
        default: break
        }
    }
}
