import FlowExpressions
import FlowJSON

/// Checks that the expressions of a workflow read nothing that is not there by then: unknown variables, nodes that do not
/// exist, and nodes that need not have ended when the expression is evaluated.
///
/// That a node reads what has ended before it, and nothing else, is also what makes a run's course the same whenever it is
/// planned again.
struct ReferenceChecker {
    private var issues: [ValidationIssue] = []

    /// Checks the nodes of a workflow and its output.
    ///
    /// - Parameters:
    ///   - location: The place of the workflow in the client's document.
    ///   - fields: Takes the issues.
    static func check(
        _ nodes: [Node], output: CompiledTemplate?, at location: JSONPointer, _ fields: inout FieldReader
    ) {
        guard output != nil || nodes.contains(where: { $0.rules != nil }) else { return }
        var checker = ReferenceChecker()
        let level = ReferenceLevel(nodes, outer: nil)
        checker.check(level, at: location.appending("nodes"))
        if let output {
            checker.check(output.template, at: location.appending("output"), Site(level: level, index: nil))
        }
        fields.add(checker.issues)
    }

    /// Where an expression stands, and what it may read there beside what every expression may.
    private struct Site {
        let level: ReferenceLevel
        /// The node that it belongs to; `nil` when all nodes of the level have ended.
        let index: Int?
        var others: Set<String> = []

        func also(_ names: String...) -> Site {
            var copy = self
            copy.others.formUnion(names)
            return copy
        }
    }

    /// What every expression may read.
    private static let roots: Set<String> = ["input", "nodes", "variables", "workflow"]
    /// What a node tells of itself.
    private static let nodeMembers: Set<String> = ["output", "status", "error", "attempt"]
    /// What a run tells of itself.
    private static let runMembers: Set<String> = ["id", "name", "version", "backend"]
    /// The types whose configuration may hold secrets: they hand it on and do not give it back.
    private static let secretTypes: Set<String> = ["http", "llm", "process"]

    private mutating func check(_ level: ReferenceLevel, at location: JSONPointer) {
        for (index, node) in level.nodes.enumerated() {
            guard let rules = node.rules else { continue }
            check(rules, of: node, Site(level: level, index: index), at: location.appending(index))
        }
    }

    private mutating func check(_ rules: NodeRules, of node: Node, _ site: Site, at place: JSONPointer) {
        if let when = rules.when { check(when, at: place.appending("when"), site) }
        if let input = rules.input { check(input, at: place.appending("input"), site) }
        if let config = rules.config {
            let isTrusted = Self.secretTypes.contains(node.type)
            check(config, at: place.appending("config"), isTrusted ? site.also("secrets") : site)
        }
        switch rules.onError {
        case .fail, .proceed: break
        case .replace(let value):
            let pointer = place.appending("on_error").appending("continue_with")
            check(value.template, at: pointer, site.also("error"))
        case .fallback(let fallback):
            guard let inner = fallback.rules else { break }
            check(inner, of: fallback, site, at: place.appending("on_error").appending("fallback"))
        }
        if let control = rules.control { check(control, site, at: place.appending("config")) }
    }

    private mutating func check(_ control: Control, _ site: Site, at place: JSONPointer) {
        switch control {
        case .condition(let routes):
            for (index, route) in routes.enumerated() {
                let pointer = place.appending("routes").appending(index)
                if let when = route.when { check(when, at: pointer.appending("when"), site) }
                if let owner = site.index, let reason = site.level.refusal(of: route.target, from: owner) {
                    issues.append(ValidationIssue(pointer.appending("to"), reason))
                }
            }
        case .approval(let approval):
            if let prompt = approval.prompt { check(prompt.template, at: place.appending("prompt"), site) }
        case .forEach(let loop):
            check(loop.items.template, at: place.appending("items"), site)
            check(loop.body, site, at: place)
        case .loop(let loop):
            let conditions = site.also("item", "index")
            if let condition = loop.condition { check(condition, at: place.appending("while"), conditions) }
            if let until = loop.until { check(until, at: place.appending("until"), conditions) }
            check(loop.body, site, at: place)
        case .workflow(let child):
            if let variables = child.variables { check(variables.template, at: place.appending("variables"), site) }
        }
    }

    private mutating func check(_ body: Control.Body, _ site: Site, at place: JSONPointer) {
        guard let owner = site.index else { return }
        let level = ReferenceLevel(body.graph.workflow.nodes, outer: (site.level, owner))
        check(level, at: place.appending("nodes"))
        if let output = body.output {
            check(output.template, at: place.appending("output"), Site(level: level, index: nil))
        }
    }

    private mutating func check(_ template: Template, at place: JSONPointer, _ site: Site) {
        for found in template.references {
            guard let reason = refusal(of: found.reference, at: site) else { continue }
            let detail = "\(reason) at column \(found.reference.column)"
            issues.append(ValidationIssue(place.appending(found.pointer), detail))
        }
    }

    private mutating func check(_ expression: CELExpression, at place: JSONPointer, _ site: Site) {
        for reference in expression.references {
            guard let reason = refusal(of: reference, at: site) else { continue }
            issues.append(ValidationIssue(place, "\(reason) at column \(reference.column)"))
        }
    }

    /// Why a variable cannot be read, or `nil` when it can.
    private func refusal(of reference: VariableReference, at site: Site) -> String? {
        switch reference.root {
        case "nodes":
            guard let name = reference.members.first else { return "\"nodes\" needs the id of a node behind it" }
            if let reason = site.level.refusal(ofReading: NodeID(name), from: site.index) { return reason }
            guard reference.members.count > 1, !Self.nodeMembers.contains(reference.members[1]) else { return nil }
            return "a node has output, status, error and attempt, not \"\(reference.members[1])\""
        case "workflow":
            guard let name = reference.members.first, !Self.runMembers.contains(name) else { return nil }
            return "\"workflow\" has id, name, version and backend, not \"\(name)\""
        case "item", "index":
            guard !site.level.isBody, !site.others.contains(reference.root) else { return nil }
            return "\"\(reference.root)\" is there in the bodies of for_each and loop alone"
        case "secrets" where !site.others.contains("secrets"):
            return "secrets are there in the config of http, llm and process nodes alone"
        case "error" where !site.others.contains("error"):
            return "\"error\" is there in on_error.continue_with alone"
        default:
            if Self.roots.contains(reference.root) || site.others.contains(reference.root) { return nil }
            return "there is no variable \"\(reference.root)\""
        }
    }
}
