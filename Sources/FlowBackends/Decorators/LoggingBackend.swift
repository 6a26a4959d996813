public import FlowCore
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

    /// Makes a backend that logs to `logger`.
    ///
    /// - Parameter base: Finds the wrapped backend.
    public init(name: BackendName, logger: Logger, base: @escaping @Sendable () -> (any Backend)?) {
        self.name = name
        self.logger = logger
        lookup = base
    }

    /// The wrapped backend.
    public var base: (any Backend)? { lookup() }

    /// Executes the node and logs its start, input, completion and output, or its failure.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        let backend = try required()
        var logger = logger
        logger[metadataKey: "workflow_id"] = "\(request.run.id)"
        logger[metadataKey: "node_id"] = "\(request.node.id)"
        logger[metadataKey: "attempt"] = "\(request.attempt)"
        logger.info("node started", metadata: ["type": "\(request.node.type)"])
        logger.debug("node input", metadata: ["input": "\(request.input)"])
        let start = request.clock.now
        do throws(BackendError) {
            let result = try await backend.executeNode(request)
            let duration = DurationText.text(start.duration(to: request.clock.now))
            switch result {
            case .success(let output, _):
                logger.info("node completed", metadata: ["duration": "\(duration)"])
                logger.debug("node output", metadata: ["output": "\(output)"])
            case .interrupted(let prompt):
                logger.info("node interrupted", metadata: ["duration": "\(duration)"])
                logger.debug("node prompt", metadata: ["prompt": "\(prompt)"])
            case .failure(let failure):
                logger.error(
                    "node failed",
                    metadata: ["duration": "\(duration)", "code": "\(failure.code)", "error": "\(failure.message)"])
            }
            return result
        } catch {
            logger.error("node failed", metadata: ["code": "\(error.code.rawValue)", "error": "\(error.message)"])
            throw error
        }
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
