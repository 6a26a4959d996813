extension Library {
    /// `size`.
    mutating func addCollections() {
        global("size") { value, frame throws(EvaluationError) in try Self.size(value, &frame) }
        method("size") { value, frame throws(EvaluationError) in try Self.size(value, &frame) }
    }

    private static func size(_ value: CELValue, _ frame: inout Frame) throws(EvaluationError) -> CELValue {
        switch value {
        case .string(let text):
            try frame.read(text.utf8.count)
            return .int(Int64(text.unicodeScalars.count))
        case .bytes(let bytes): return .int(Int64(bytes.count))
        case .list(let list): return .int(Int64(list.count))
        case .map(let map): return .int(Int64(map.count))
        default: throw .noSuchOverload("size", value)
        }
    }
}
