extension Library {
    /// The extended string functions. Positions count code points.
    mutating func addStringExtensions() {
        method("charAt") { value, position, frame throws(EvaluationError) in
            guard case .string(let text) = value, case .int(let index) = position else {
                throw .noSuchOverload("charAt", value, position)
            }
            let scalars = try Self.scalars(text, &frame)
            let start = try Self.position(index, in: scalars)
            return .string(start == scalars.count ? "" : String(scalars[start]))
        }
        method("lowerAscii") { value, frame throws(EvaluationError) in
            try Self.mapBytes("lowerAscii", value, &frame) { $0 >= 0x41 && $0 <= 0x5A ? $0 | 0x20 : $0 }
        }
        method("upperAscii") { value, frame throws(EvaluationError) in
            try Self.mapBytes("upperAscii", value, &frame) { $0 >= 0x61 && $0 <= 0x7A ? $0 & ~0x20 : $0 }
        }
        method("trim") { value, frame throws(EvaluationError) in
            guard case .string(let text) = value else { throw .noSuchOverload("trim", value) }
            try frame.write(text.utf8.count)
            let scalars = text.unicodeScalars
            let start = scalars.drop { $0.properties.isWhitespace }.startIndex
            let end = scalars.lastIndex { !$0.properties.isWhitespace }.map { scalars.index(after: $0) } ?? start
            return .string(String(scalars[start..<max(start, end)]))
        }
        method("reverse") { value, frame throws(EvaluationError) in
            if case .list(let list) = value {
                try frame.makeElements(list.count)
                try frame.step(list.count)
                return .list(.values(list.elements.reversed()))
            }
            guard case .string(let text) = value else { throw .noSuchOverload("reverse", value) }
            try frame.make(text.utf8.count)
            return .string(Self.text(try Self.scalars(text, &frame).reversed()))
        }
        global("strings.quote") { value, frame throws(EvaluationError) in
            guard case .string(let text) = value else { throw .noSuchOverload("strings.quote", value) }
            try frame.write(text.utf8.count * 2 + 2)
            return .string(Self.quote(text))
        }
        method("format") { value, arguments, frame throws(EvaluationError) in
            guard case .string(let text) = value, case .list(let list) = arguments else {
                throw .noSuchOverload("format", value, arguments)
            }
            return .string(try Formatter.format(text, list, &frame))
        }
        addSearching()
        addSplitting()
    }

    private mutating func addSearching() {
        for isLast in [false, true] {
            let name = isLast ? "lastIndexOf" : "indexOf"
            method(name) { value, part, frame throws(EvaluationError) in
                try Self.search(name, value, part, nil, isLast: isLast, &frame)
            }
            method(name, count: 3) { arguments, frame throws(EvaluationError) in
                try Self.search(name, arguments[0], arguments[1], arguments[2], isLast: isLast, &frame)
            }
        }
        method("substring") { value, start, frame throws(EvaluationError) in
            guard case .string(let text) = value, case .int(let from) = start else {
                throw .noSuchOverload("substring", value, start)
            }
            let scalars = try Self.scalars(text, &frame)
            try frame.make(text.utf8.count)
            return .string(Self.text(scalars[try Self.position(from, in: scalars)...]))
        }
        method("substring", count: 3) { arguments, frame throws(EvaluationError) in
            guard case .string(let text) = arguments[0], case .int(let from) = arguments[1],
                case .int(let to) = arguments[2]
            else { throw .noSuchOverload("substring", arguments[0], arguments[1], arguments[2]) }
            let scalars = try Self.scalars(text, &frame)
            let start = try Self.position(from, in: scalars)
            let end = try Self.position(to, in: scalars)
            try frame.make(text.utf8.count)
            guard start <= end else {
                throw EvaluationError(.invalidArgument, "the substring from \(start) ends before it, at \(end)")
            }
            return .string(Self.text(scalars[start..<end]))
        }
    }

    private static func search(
        _ name: String, _ value: CELValue, _ part: CELValue, _ start: CELValue?, isLast: Bool, _ frame: inout Frame
    ) throws(EvaluationError) -> CELValue {
        guard case .string(let text) = value, case .string(let part) = part else {
            throw .noSuchOverload(name, value, part)
        }
        let scalars = try scalars(text, &frame)
        let sought = try self.scalars(part, &frame)
        var from = isLast ? scalars.count : 0
        if let start {
            guard case .int(let position) = start else { throw .noSuchOverload(name, value, .string(part), start) }
            from = try self.position(position, in: scalars)
        }
        let found =
            isLast
            ? Search.lastPosition(of: sought, in: scalars, upTo: from)
            : Search.position(of: sought, in: scalars, from: from)
        return .int(Int64(found ?? -1))
    }

    // MARK: Helpers

    static func scalars(_ text: String, _ frame: inout Frame) throws(EvaluationError) -> [Unicode.Scalar] {
        try frame.read(text.utf8.count)
        return Array(text.unicodeScalars)
    }

    static func text(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars)
        return String(text)
    }

    /// A position from zero to the end, which is one.
    private static func position(_ index: Int64, in scalars: [Unicode.Scalar]) throws(EvaluationError) -> Int {
        guard index >= 0, index <= scalars.count else {
            throw EvaluationError(
                .indexOutOfRange, "index out of range: \(index), the string has \(scalars.count) code points")
        }
        return Int(index)
    }

    private static func mapBytes(
        _ name: String, _ value: CELValue, _ frame: inout Frame, _ transform: (UInt8) -> UInt8
    ) throws(EvaluationError) -> CELValue {
        guard case .string(let text) = value else { throw .noSuchOverload(name, value) }
        try frame.write(text.utf8.count)
        return .string(String(decoding: text.utf8.map(transform), as: UTF8.self))
    }

    private static func quote(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\u{07}": quoted += "\\a"
            case "\u{08}": quoted += "\\b"
            case "\u{0C}": quoted += "\\f"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0B}": quoted += "\\v"
            case "\\": quoted += "\\\\"
            case "\"": quoted += "\\\""
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
