extension Library {
    /// `split`, `join` and `replace`.
    mutating func addSplitting() {
        method("split") { value, separator, frame throws(EvaluationError) in
            try Self.split(value, separator, nil, &frame)
        }
        method("split", count: 3) { arguments, frame throws(EvaluationError) in
            try Self.split(arguments[0], arguments[1], arguments[2], &frame)
        }
        method("join") { value, frame throws(EvaluationError) in try Self.join(value, .string(""), &frame) }
        method("join") { value, separator, frame throws(EvaluationError) in try Self.join(value, separator, &frame) }
        method("replace", count: 3) { arguments, frame throws(EvaluationError) in
            try Self.replace(arguments, limit: nil, &frame)
        }
        method("replace", count: 4) { arguments, frame throws(EvaluationError) in
            guard case .int(let limit) = arguments[3] else {
                throw .noSuchOverload("replace", arguments[0], arguments[1], arguments[2], arguments[3])
            }
            return try Self.replace(arguments, limit: limit < 0 ? nil : limit, &frame)
        }
    }

    private static func split(
        _ value: CELValue, _ separator: CELValue, _ limit: CELValue?, _ frame: inout Frame
    ) throws(EvaluationError) -> CELValue {
        guard case .string(let text) = value, case .string(let mark) = separator else {
            throw .noSuchOverload("split", value, separator)
        }
        var most = Int64.max
        if let limit {
            guard case .int(let number) = limit else { throw .noSuchOverload("split", value, separator, limit) }
            most = number < 0 ? .max : number
        }
        if most == 0 { return .list(.values([])) }
        try frame.write(text.utf8.count + mark.utf8.count)
        let pieces =
            mark.isEmpty
            ? characters(of: text, atMost: most)
            : cut(Array(text.utf8), at: Array(mark.utf8), atMost: most)
        try frame.makeElements(pieces.count)
        return .list(.values(pieces))
    }

    /// Code points, each as a text, the last with all that is left.
    private static func characters(of text: String, atMost limit: Int64) -> [CELValue] {
        var pieces: [CELValue] = []
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first {
            if Int64(pieces.count) == limit - 1 {
                pieces.append(.string(String(rest)))
                break
            }
            pieces.append(.string(String(scalar)))
            rest = rest.dropFirst()
        }
        return pieces
    }

    private static func cut(_ text: [UInt8], at mark: [UInt8], atMost limit: Int64) -> [CELValue] {
        var pieces: [CELValue] = []
        var start = 0
        while Int64(pieces.count) < limit - 1, let end = Search.position(of: mark, in: text, from: start) {
            pieces.append(.string(String(decoding: text[start..<end], as: UTF8.self)))
            start = end + mark.count
        }
        pieces.append(.string(String(decoding: text[start...], as: UTF8.self)))
        return pieces
    }

    private static func join(
        _ value: CELValue, _ separator: CELValue, _ frame: inout Frame
    ) throws(EvaluationError) -> CELValue {
        guard case .list(let list) = value, case .string(let mark) = separator else {
            throw .noSuchOverload("join", value, separator)
        }
        var text = ""
        for index in 0..<list.count {
            let element = list[index]
            guard case .string(let piece) = element else { throw .noSuchOverload("join", value, element) }
            try frame.write(piece.utf8.count + mark.utf8.count)
            if index > 0 { text += mark }
            text += piece
        }
        return .string(text)
    }

    private static func replace(
        _ arguments: [CELValue], limit: Int64?, _ frame: inout Frame
    ) throws(EvaluationError) -> CELValue {
        guard case .string(let text) = arguments[0], case .string(let old) = arguments[1],
            case .string(let new) = arguments[2]
        else { throw .noSuchOverload("replace", arguments[0], arguments[1], arguments[2]) }
        try frame.write(text.utf8.count + old.utf8.count)
        var left = limit ?? .max
        var result: [UInt8] = []
        if old.isEmpty {
            // Between any two code points, before the first and behind the last.
            for scalar in text.unicodeScalars {
                if left > 0 {
                    try frame.write(new.utf8.count)
                    result += new.utf8
                    left -= 1
                }
                result += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
            }
            if left > 0 { result += new.utf8 }
            return .string(String(decoding: result, as: UTF8.self))
        }
        let bytes = Array(text.utf8)
        let sought = Array(old.utf8)
        var start = 0
        while left > 0, let found = Search.position(of: sought, in: bytes, from: start) {
            try frame.write(new.utf8.count)
            result += bytes[start..<found]
            result += new.utf8
            start = found + sought.count
            left -= 1
        }
        result += bytes[start...]
        return .string(String(decoding: result, as: UTF8.self))
    }
}
