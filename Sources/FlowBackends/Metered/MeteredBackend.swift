public import FlowCore
import Metrics
import Synchronization

/// Wraps a backend, counts how the attempts at its nodes ended and measures how long they took, for each node type.
public final class MeteredBackend: DecoratingBackend {
    /// So many node types of one backend are told apart.
    static let maximumTypes = 100

    /// The name under which it is registered.
    public let name: BackendName
    /// The kind of backend.
    public let type = "metered"
    private let lookup: @Sendable () -> (any Backend)?
    private let meters: NodeMeters
    private let known = Mutex([String: NodeMeter]())

    init(name: BackendName, meters: NodeMeters, base: @escaping @Sendable () -> (any Backend)?) {
        self.name = name
        self.meters = meters
        lookup = base
    }

    /// The wrapped backend.
    public var base: (any Backend)? { lookup() }

    /// Executes the node, counts how it ended and measures how long it took.
    public func executeNode(_ request: NodeRequest) async throws(BackendError) -> NodeResult {
        let backend = try required()
        let meter = meter(request.node.type)
        let start = ContinuousClock.now
        do {
            let result = try await backend.executeNode(request)
            meter.duration.record(duration: start.duration(to: .now))
            switch result {
            case .success: meter.success.increment()
            case .failure: meter.failure.increment()
            case .interrupted: meter.interrupted.increment()
            }
            return result
        } catch {
            // How long it took to find out that a backend is not there says nothing of the backend.
            (error.code == .cancelled ? meter.cancelled : meter.backendFailure).increment()
            throw error
        }
    }

    private func meter(_ type: String) -> NodeMeter {
        known.withLock { known in
            if let meter = known[type] { return meter }
            guard known.count < Self.maximumTypes else { return meters.meter(backend: name, type: NodeMeters.other) }
            let meter = meters.meter(backend: name, type: type)
            known[type] = meter
            return meter
        }
    }
}
