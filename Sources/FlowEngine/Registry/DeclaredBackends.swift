public import FlowCore
import FlowJSON

/// Something that is wrong with a registration that the server's files hold.
public struct DeclarationIssue: Hashable, Sendable {
    /// The registration, as its place in the list that was given.
    public let index: Int
    /// What is wrong, with a pointer within the registration.
    public let issue: ValidationIssue
}

/// The registrations of the server's files, looked at together.
struct DeclaredBackends {
    let registrations: [BackendRegistration]

    /// What is wrong with their names, whatever they say.
    ///
    /// - Parameter builtIn: The names that are part of the server.
    func nameIssues(builtIn: Set<BackendName>) -> [DeclarationIssue] {
        var issues: [DeclarationIssue] = []
        var files: [BackendName: String] = [:]
        for (index, registration) in registrations.enumerated() {
            let name = registration.name
            if builtIn.contains(name) {
                issues.append(.init(index: index, issue: .init(["name"], "\"\(name)\" is part of the server")))
            } else if let other = files[name] {
                issues.append(
                    .init(index: index, issue: .init(["name"], "\"\(name)\" is registered already, by \(other)")))
            }
            files[name] = registration.file ?? ""
        }
        return issues
    }

    /// The circles in which they wrap each other, each told at every registration in it.
    ///
    /// - Parameter references: The backends that one of a name wraps, of those that are registered in any way.
    func cycleIssues(_ references: (BackendName) -> [BackendName]) -> [DeclarationIssue] {
        registrations.enumerated().compactMap { index, registration in
            let paths = references(registration.name).compactMap { name in
                Wrapping.path(from: name, to: registration.name, references)
            }
            guard let path = paths.min(by: { $0.count < $1.count }) else { return nil }
            let cycle = ([registration.name] + path).map(\.rawValue).joined(separator: " -> ")
            return DeclarationIssue(
                index: index, issue: .init(["config"], "the backends would form a cycle: \(cycle)"))
        }
    }
}
