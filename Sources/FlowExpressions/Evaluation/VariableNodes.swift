/// A variable, and members of it whose names are known.
final class VariableNode: Node {
    private let name: String
    private let members: [String]
    private let place: SourcePlace

    init(_ name: String, members: [String], _ place: SourcePlace) {
        self.name = name
        self.members = members
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        do throws(EvaluationError) {
            guard var value = try frame.variables.variable(name) else {
                throw EvaluationError(.undeclared, "undeclared variable '\(name.shortened)'")
            }
            for member in members {
                try frame.step()
                value = try frame.select(member, of: value)
            }
            return value
        } catch { throw error.located(place) }
    }
}

/// A name with points, which is the longest of several variables, or a type.
final class QualifiedNameNode: Node {
    /// Names to try in order, and how many of the parts each takes.
    private let candidates: [(name: String, parts: Int)]
    private let parts: [String]
    /// The type that the name is when it is no variable, and how many of the parts it takes.
    private let type: (type: CELType, parts: Int)?
    private let place: SourcePlace

    init(candidates: [(name: String, parts: Int)], parts: [String], type: (CELType, Int)?, _ place: SourcePlace) {
        self.candidates = candidates
        self.parts = parts
        self.type = type
        self.place = place
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        do throws(EvaluationError) {
            for candidate in candidates {
                try frame.step()
                guard let value = try frame.variables.variable(candidate.name) else { continue }
                return try rest(of: value, from: candidate.parts, &frame)
            }
            guard let type else {
                throw EvaluationError(.undeclared, "undeclared variable '\(parts.joined(separator: ".").shortened)'")
            }
            return try rest(of: .type(type.type), from: type.parts, &frame)
        } catch { throw error.located(place) }
    }

    private func rest(
        of value: CELValue, from start: Int, _ frame: inout Frame
    ) throws(EvaluationError) -> CELValue {
        var value = value
        for part in parts[start...] { value = try frame.select(part, of: value) }
        return value
    }
}

/// A value that a macro bound.
final class LocalNode: Node {
    private let slot: Int
    private let mayFail: Bool

    /// Makes a node.
    ///
    /// - Parameter mayFail: whether the binding may hold an error instead.
    init(slot: Int, mayFail: Bool) {
        self.slot = slot
        self.mayFail = mayFail
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        try frame.step()
        if mayFail, let failure = frame.failures[slot] { throw failure }
        return frame.locals[slot]
    }
}

/// `cel.bind`: values that are computed once and used in an expression.
final class BindNode: Node {
    private let bindings: [(slot: Int, node: any Node)]
    private let result: any Node

    init(_ bindings: [(slot: Int, node: any Node)], result: any Node) {
        self.bindings = bindings
        self.result = result
    }

    func evaluate(_ frame: inout Frame) throws(EvaluationError) -> CELValue {
        for (slot, node) in bindings {
            try frame.step()
            do throws(EvaluationError) {
                frame.locals[slot] = try node.evaluate(&frame)
                if !frame.failures.isEmpty { frame.failures[slot] = nil }
            } catch {
                guard error.isAbsorbable else { throw error }
                frame.failures[slot] = error
            }
        }
        return try result.evaluate(&frame)
    }
}
