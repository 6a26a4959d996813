extension Library {
    /// The functions of `sets`, which take lists as sets.
    mutating func addSets() {
        global("sets.contains") { left, right, frame throws(EvaluationError) in
            let (whole, part) = try Self.lists("sets.contains", left, right)
            return .bool(try Self.holds(whole, all: part, &frame))
        }
        global("sets.equivalent") { left, right, frame throws(EvaluationError) in
            let (a, b) = try Self.lists("sets.equivalent", left, right)
            guard try Self.holds(a, all: b, &frame) else { return .bool(false) }
            return .bool(try Self.holds(b, all: a, &frame))
        }
        global("sets.intersects") { left, right, frame throws(EvaluationError) in
            let (a, b) = try Self.lists("sets.intersects", left, right)
            for index in 0..<b.count where try frame.contains(a, b[index]) { return .bool(true) }
            return .bool(false)
        }
    }

    private static func lists(
        _ name: String, _ left: CELValue, _ right: CELValue
    ) throws(EvaluationError) -> (CELList, CELList) {
        guard case .list(let a) = left, case .list(let b) = right else { throw .noSuchOverload(name, left, right) }
        return (a, b)
    }

    private static func holds(_ whole: CELList, all part: CELList, _ frame: inout Frame) throws(EvaluationError) -> Bool
    {
        for index in 0..<part.count where !(try frame.contains(whole, part[index])) { return false }
        return true
    }
}
