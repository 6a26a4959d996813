import FlowCore
package import FlowEngine
package import Logging

/// Removes old finished runs, once a minute.
package struct Retention: Sendable {
    let service: WorkflowService
    let policy: RetentionPolicy
    let logger: Logger

    /// Makes one.
    package init(service: WorkflowService, policy: RetentionPolicy, logger: Logger) {
        self.service = service
        self.policy = policy
        self.logger = logger
    }

    /// Runs until its task is cancelled.
    package func run() async {
        guard policy.maximumAge != nil || policy.maximumCount != nil else { return }
        while !Task.isCancelled {
            do {
                let removed = try await service.prune(policy)
                if removed > 0 { logger.info("old runs removed", metadata: ["runs": "\(removed)"]) }
            } catch {
                logger.error("old runs could not be removed", metadata: ["error": "\(error)"])
            }
            let clock = service.clock
            try? await clock.sleep(until: clock.now.advanced(by: .seconds(60)), tolerance: .seconds(5))
        }
    }
}
