import ArgumentParser
import FlowBackends
import FlowCore
import FlowEngine
import FlowHosting
import FlowServer
import FlowSystem
import FoundationEssentials
import Logging

/// Checks a workflow without running it.
struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate", abstract: "Checks a workflow without running it.",
        discussion: "Prints everything that is wrong, each with its place in the file, and exits with 65.")

    @Argument(help: "A workflow or a submission, as JSON or YAML.")
    var file: String

    func run() async throws {
        do {
            let submission = try WorkflowFile(path: file).submission
            let request = try SubmitRequest(decoding: submission, limits: WorkflowLimits())
            let issues = try await Temporary.withAssembly { assembly in
                do {
                    // Here nothing is stored: a submission of a definition can be checked by its server alone.
                    _ = try await assembly.service.resolve(request)
                } catch ServiceError.invalid(let issues) {
                    throw FlowCore.ValidationError(issues)
                }
                return await assembly.service.match(request).first { $0.backend == .native }?.unmet ?? []
            }
            guard issues.isEmpty else { throw ValidationError(issues) }
            StandardStreams.write("\(file): valid, \(request.workflow.nodes.count) nodes\n")
        } catch let error as FlowCore.ValidationError {
            for issue in error.issues { StandardStreams.writeError("\(file): \(issue)\n") }
            throw ExitCode(65)
        } catch let error as UsageError {
            StandardStreams.writeError("flowcore: \(error)\n")
            throw ExitCode(66)
        }
    }
}
