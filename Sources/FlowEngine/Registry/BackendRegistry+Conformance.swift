import FlowCore

extension BackendRegistry {
    /// Why a backend may not take runs yet: its registration, or that of a backend that it wraps, wants a proof of
    /// conformance that there is not. `nil` when it may.
    public nonisolated func missingProof(of backend: RegisteredBackend) -> String? {
        if backend.references.isEmpty, backend.registration.requireConformance == nil { return nil }
        var waiting = [backend]
        var seen: Set<BackendName> = []
        while let next = waiting.popLast() {
            guard seen.insert(next.name).inserted else { continue }
            if let level = next.registration.requireConformance, next.proven.map({ $0 < level }) ?? true {
                return "the backend \"\(next.name)\" takes runs once a conformance run has shown that it holds level "
                    + "\(level.rawValue), as its registration requires; POST /backends/\(next.name)/conformance-runs makes one"
            }
            waiting += next.references.compactMap { self.backend($0) }
        }
        return nil
    }
}
