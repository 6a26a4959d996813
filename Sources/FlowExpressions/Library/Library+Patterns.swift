extension Library {
    /// `matches` and the functions of `regex`.
    mutating func addPatterns() {
        for isMethod in [true, false] {
            pattern("matches", isMethod: isMethod, count: 2) { arguments, pattern, frame throws(EvaluationError) in
                guard case .string(let text) = arguments[0] else {
                    throw .noSuchOverload("matches", arguments[0], arguments[1])
                }
                let scalars = try Self.scalars(text, &frame)
                var matcher = PatternMatcher(pattern, scalars, capturesGroups: false)
                return .bool(try matcher.match(from: 0, &frame) != nil)
            }
        }
        pattern("regex.extract", isMethod: false, count: 2) { arguments, pattern, frame throws(EvaluationError) in
            let all = try Self.extract("regex.extract", arguments, pattern, isOne: true, &frame)
            return .optional(CELOptional(all.first))
        }
        pattern("regex.extractAll", isMethod: false, count: 2) { arguments, pattern, frame throws(EvaluationError) in
            .list(.values(try Self.extract("regex.extractAll", arguments, pattern, isOne: false, &frame)))
        }
        for count in [3, 4] {
            pattern("regex.replace", isMethod: false, count: count) {
                arguments, pattern, frame throws(EvaluationError) in
                try Self.replace(arguments, pattern, &frame)
            }
        }
    }

    /// The matches, or what their one group captured.
    private static func extract(
        _ name: String, _ arguments: [CELValue], _ pattern: Pattern, isOne: Bool, _ frame: inout Frame
    ) throws(EvaluationError) -> [CELValue] {
        guard case .string(let text) = arguments[0] else { throw .noSuchOverload(name, arguments[0], arguments[1]) }
        guard pattern.groups <= 1 else {
            throw EvaluationError(.invalidArgument, "\(name) takes a pattern with one group at most")
        }
        let scalars = try scalars(text, &frame)
        var results: [CELValue] = []
        try forEachMatch(of: pattern, in: scalars, &frame) { match, frame throws(EvaluationError) in
            let group = pattern.groups * 2
            guard match[group] >= 0 else { return true }
            let piece = self.text(scalars[match[group]..<match[group + 1]])
            try frame.write(piece.utf8.count)
            try frame.makeElements(1)
            results.append(.string(piece))
            return !isOne
        }
        return results
    }

    private static func replace(
        _ arguments: [CELValue], _ pattern: Pattern, _ frame: inout Frame
    ) throws(EvaluationError) -> CELValue {
        guard case .string(let text) = arguments[0], case .string(let new) = arguments[2] else {
            throw .noSuchOverload("regex.replace", arguments[0], arguments[1], arguments[2])
        }
        var left = Int64.max
        if arguments.count == 4 {
            guard case .int(let limit) = arguments[3] else { throw .noSuchOverload("regex.replace", arguments[3]) }
            left = limit < 0 ? .max : limit
        }
        let replacement = try Replacement(new, groups: pattern.groups)
        let scalars = try scalars(text, &frame)
        var output = String.UnicodeScalarView()
        var end = 0
        if left > 0 {
            try forEachMatch(of: pattern, in: scalars, &frame) { match, frame throws(EvaluationError) in
                output.append(contentsOf: scalars[end..<match[0]])
                try replacement.write(match, of: scalars, to: &output, &frame)
                end = match[1]
                left -= 1
                return left > 0
            }
        }
        output.append(contentsOf: scalars[end...])
        return .string(String(output))
    }

    /// Calls a body with each match that does not overlap the one before it, as long as it says so.
    private static func forEachMatch(
        of pattern: Pattern, in text: [Unicode.Scalar], _ frame: inout Frame,
        _ body: ([Int], inout Frame) throws(EvaluationError) -> Bool
    ) throws(EvaluationError) {
        var matcher = PatternMatcher(pattern, text, capturesGroups: true)
        var position = 0
        var lastEnd = -1
        while position <= text.count, let match = try matcher.match(from: position, &frame) {
            try frame.step(4)
            // An empty match directly behind the one before it is none.
            if !(match[0] == match[1] && match[0] == lastEnd) {
                guard try body(match, &frame) else { return }
            }
            lastEnd = match[1]
            position = match[0] == match[1] ? match[1] + 1 : match[1]
        }
    }
}
