import FlowCore
import FlowEngine
import FlowHosting
import FoundationEssentials
import Logging
import Metrics

/// A service that lives as long as one command.
enum Temporary {
    /// Calls `body` with a service whose database is removed afterwards.
    static func withAssembly<Result: Sendable>(
        limits: EngineLimits = EngineLimits(), metrics: any MetricsFactory = NOOPMetricsHandler.instance,
        _ body: (Assembly) async throws -> Result
    ) async throws -> Result {
        let directory = FileManager.default.temporaryDirectory.appending(path: "flowcore-\(UUID().uuidString)").path()
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var logger = Logger(label: "flowcore")
        logger.logLevel = .warning
        let assembly = try await Assembly(
            directory: directory, limits: limits, allowsPrivateCalls: true, logger: logger, metrics: metrics)
        _ = try await assembly.service.start()
        // Here nobody registers backends: the one that shows what happens is there by its type's name.
        let logging = BackendRegistration(name: "logging", type: "logging")
        _ = try await assembly.service.registry.register(logging, replace: false)
        let result: Swift.Result<Result, any Error>
        do { result = .success(try await body(assembly)) } catch { result = .failure(error) }
        await assembly.stop(grace: .zero)
        return try result.get()
    }
}
