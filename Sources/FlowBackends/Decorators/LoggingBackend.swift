public import FlowCore
import FlowJSON
public import Logging

/// Wraps a backend and logs what happens to every node and run.
///
/// Start and completion are logged at info, inputs and outputs at debug, failures at error.
public struct LoggingBackend: DecoratingBackend {
    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "logging"
    private let lookup: @Sendable () -> (any Backend)?
    private let logger: Logger
    private let secrets: (any SecretSource)?

    /// Makes a backend that logs to `logger`.
    ///
    /// - Parameters:
    ///   - secrets: What is made unreadable in all that is logged: the engine does so only with what it keeps.
    ///   - base: Finds the wrapped backend.
    public init(
        name: BackendName, logger: Logger, secrets: (any SecretSource)? = nil,
        base: @escaping @Sendable () -> (any Backend)?
    ) {
        self.name = name
        self.secrets = secrets
        self.logger = logger
        lookup = base
    }

    /// The wrapped backend.
    public var base: (any Backend)? { lookup() }

    /// Executes the node and logs its start, input, completion and output, or its failure.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        let backend = try required()
        log(.info, "node started", of: request, ["type": "\(request.node.type)"])
        log(.debug, "node input", of: request, ["input": "\(shown(request.input))"])
        let start = request.clock.now
        var duration: String { DurationText.text(start.duration(to: request.clock.now)) }
        do throws(BackendError) {
            let result = try await backend.executeNode(request)
            switch result {
            case .success(let output, _):
                log(.info, "node completed", of: request, ["duration": "\(duration)"])
                log(.debug, "node output", of: request, ["output": "\(shown(output))"])
            case .interrupted(let prompt):
                log(.info, "node interrupted", of: request, ["duration": "\(duration)"])
                log(.debug, "node prompt", of: request, ["prompt": "\(shown(prompt))"])
            case .failure(let said):
                let failure = secrets?.redacted(said) ?? said
                log(
                    .error, "node failed", of: request,
                    ["duration": "\(duration)", "code": "\(failure.code)", "error": "\(failure.message)"])
            }
            return result
        } catch {
            log(
                .error, "node failed", of: request,
                ["code": "\(error.code.rawValue)", "error": "\(secrets?.redacted(error.message) ?? error.message)"])
            throw error
        }
    }

    private func shown(_ value: JSONValue) -> JSONValue { secrets?.redacted(value) ?? value }

    /// Logs an entry of a node. Texts of entries that nobody reads are not made.
    private func log(
        _ level: Logger.Level, _ message: Logger.Message, of request: NodeRequest,
        _ metadata: @autoclosure () -> Logger.Metadata
    ) {
        guard level >= logger.logLevel else { return }
        var metadata = metadata()
        metadata["workflow_id"] = "\(request.run.id)"
        metadata["node_id"] = "\(request.node.id)"
        metadata["attempt"] = "\(request.attempt)"
        logger.log(level: level, message, metadata: metadata)
    }

    /// Executes the run through the wrapped backend and logs its start and its end.
    public func executeWorkflow(_ run: any WorkflowRun) async throws(BackendError) {
        let backend = try required()
        var logger = logger
        logger[metadataKey: "workflow_id"] = "\(run.id)"
        logger.info("workflow started", metadata: ["workflow": "\(run.workflow.name)"])
        do throws(BackendError) {
            try await backend.executeWorkflow(RedirectedRun(run, outermost: self))
        } catch {
            logger.error("workflow left unfinished", metadata: ["error": "\(error)"])
            throw error
        }
        let context = await run.context
        if let error = context.error {
            logger.error(
                "workflow \(context.status.rawValue)", metadata: ["code": "\(error.code)", "error": "\(error.message)"])
        } else {
            logger.info("workflow \(context.status.rawValue)")
        }
    }
}
