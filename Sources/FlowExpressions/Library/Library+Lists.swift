extension Library {
    /// The extended list functions.
    mutating func addLists() {
        global("lists.range") { value, frame throws(EvaluationError) in
            guard case .int(let count) = value else { throw .noSuchOverload("lists.range", value) }
            try frame.makeElements(Int(max(0, count)))
            try frame.step(Int(max(0, count)))
            return .list(.values((0..<max(0, count)).map { .int($0) }))
        }
        method("slice", count: 3) { arguments, frame throws(EvaluationError) in
            guard case .list(let list) = arguments[0], case .int(let start) = arguments[1],
                case .int(let end) = arguments[2]
            else { throw .noSuchOverload("slice", arguments[0], arguments[1], arguments[2]) }
            guard start >= 0, start <= end, end <= list.count else {
                throw EvaluationError(
                    .indexOutOfRange, "the slice from \(start) to \(end) is beyond the list's \(list.count) elements")
            }
            try frame.makeElements(Int(end - start))
            try frame.step(Int(end - start))
            return .list(.values((Int(start)..<Int(end)).map { list[$0] }))
        }
        method("flatten") { value, frame throws(EvaluationError) in try Self.flatten(value, .int(1), &frame) }
        method("flatten") { value, depth, frame throws(EvaluationError) in try Self.flatten(value, depth, &frame) }
        method("distinct") { value, frame throws(EvaluationError) in
            guard case .list(let list) = value else { throw .noSuchOverload("distinct", value) }
            var keys: Set<MapKey> = []
            var others: [CELValue] = []
            var result: [CELValue] = []
            for index in 0..<list.count {
                try frame.step()
                let element = list[index]
                if case .string(let text) = element { try frame.read(text.utf8.count) }
                if let key = MapKey(element) {
                    guard keys.insert(key).inserted else { continue }
                } else {
                    guard !(try frame.contains(.values(others), element)) else { continue }
                    others.append(element)
                }
                try frame.makeElements(1)
                result.append(element)
            }
            return .list(.values(result))
        }
        method("sort") { value, frame throws(EvaluationError) in
            guard case .list(let list) = value else { throw .noSuchOverload("sort", value) }
            let elements = list.elements
            return .list(.values(try frame.sortedPositions(elements).map { elements[$0] }))
        }
        method("first") { value, frame throws(EvaluationError) in
            guard case .list(let list) = value else { throw .noSuchOverload("first", value) }
            return .optional(CELOptional(list.count > 0 ? list[0] : nil))
        }
        method("last") { value, frame throws(EvaluationError) in
            guard case .list(let list) = value else { throw .noSuchOverload("last", value) }
            return .optional(CELOptional(list.count > 0 ? list[list.count - 1] : nil))
        }
    }

    private static func flatten(
        _ value: CELValue, _ depth: CELValue, _ frame: inout Frame
    ) throws(EvaluationError) -> CELValue {
        guard case .list(let list) = value, case .int(let levels) = depth else {
            throw .noSuchOverload("flatten", value, depth)
        }
        guard levels >= 0 else { throw EvaluationError(.invalidArgument, "the depth of flatten is negative") }
        var result: [CELValue] = []
        try add(list, to: &result, levels: min(levels, Int64(Frame.maxDepth)), &frame)
        return .list(.values(result))
    }

    private static func add(
        _ list: CELList, to result: inout [CELValue], levels: Int64, _ frame: inout Frame
    ) throws(EvaluationError) {
        for index in 0..<list.count {
            try frame.step()
            let element = list[index]
            if levels > 0, case .list(let inner) = element {
                try add(inner, to: &result, levels: levels - 1, &frame)
            } else {
                try frame.makeElements(1)
                result.append(element)
            }
        }
    }
}
