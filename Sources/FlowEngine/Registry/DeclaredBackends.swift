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
            guard let path = Self.path(from: registration.name, to: registration.name, references) else { return nil }
            let cycle = ([registration.name] + path).map(\.rawValue).joined(separator: " -> ")
            return DeclarationIssue(
                index: index, issue: .init(["config"], "the backends would form a cycle: \(cycle)"))
        }
    }

    /// The shortest way from a backend to another one by what they wrap.
    private static func path(
        from start: BackendName, to target: BackendName, _ references: (BackendName) -> [BackendName]
    ) -> [BackendName]? {
        var waiting: [[BackendName]] = references(start).map { [$0] }
        var seen: Set<BackendName> = []
        while !waiting.isEmpty {
            let path = waiting.removeFirst()
            guard let last = path.last else { continue }
            if last == target { return path }
            if seen.insert(last).inserted { waiting += references(last).map { path + [$0] } }
        }
        return nil
    }
}
