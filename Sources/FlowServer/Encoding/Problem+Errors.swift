import FlowCore
import FlowEngine
import FlowHTTP
import FlowJSON

extension Problem {
    /// What an error of the service is to a client: the one place where they are mapped.
    init(_ error: ServiceError) {
        switch error {
        case .invalid(let issues): self = .invalid(issues)
        case .noHealthyBackend(let issues):
            self.init(
                503, "no-healthy-backend", "None of the backends that could run the workflow is healthy.",
                issues: Self.issues(issues), fields: [("Retry-After", "5")])
        case .notFound(let detail): self.init(404, "not-found", Self.sentence(detail))
        case .conflict(let detail): self.init(409, "conflict", Self.sentence(detail))
        case .preconditionFailed(let detail):
            self.init(412, "precondition-failed", "The condition does not hold: \(detail).")
        case .idempotencyMismatch:
            self.init(422, "idempotency-key-reused", "The idempotency key was used with another request.")
        case .idempotencyInFlight:
            self.init(
                409, "idempotency-key-in-use", "The first request with this idempotency key is still being answered.",
                fields: [("Retry-After", "1")])
        case .overloaded(let detail, let after):
            self.init(
                429, "overloaded", Self.sentence(detail),
                fields: [("Retry-After", String(max(1, after.components.seconds)))])
        case .unavailable(let detail):
            self.init(503, "unavailable", Self.sentence(detail), fields: [("Retry-After", "1")])
        }
    }

    /// A document that was understood and cannot be accepted.
    static func invalid(_ issues: [ValidationIssue]) -> Problem {
        let count = issues.count == 1 ? "1 thing is" : "\(issues.count) things are"
        return Problem(
            422, "invalid", "\(count) wrong with the request.",
            issues: Self.issues(issues))
    }

    private static func issues(_ issues: [ValidationIssue]) -> [Issue] {
        issues.prefix(100).map { Issue($0.pointer, $0.detail, code: $0.code?.rawValue) }
    }

    private static func sentence(_ text: String) -> String {
        (text.first.map { $0.uppercased() } ?? "") + text.dropFirst() + (text.hasSuffix(".") ? "" : ".")
    }
}
