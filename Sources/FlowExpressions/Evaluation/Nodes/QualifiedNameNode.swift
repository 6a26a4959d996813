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
