extension WorkflowID {
    /// The id of the run that a node starts: always the same for the same node and number, so that a node which is
    /// executed again after a crash finds the run that it had started.
    ///
    /// A UUID of version 8 (RFC 9562 section 5.8), made of a 64-bit FNV-1a hash taken twice.
    ///
    /// - Parameter number: How many runs the node has started before.
    public static func child(of parent: WorkflowID, node: NodeID, number: Int) -> WorkflowID {
        let text = "\(parent)/\(node)/\(number)"
        var words: (UInt64, UInt64) = (0xCBF2_9CE4_8422_2325, 0x9E37_79B9_7F4A_7C15)
        for byte in text.utf8 {
            words.0 = (words.0 ^ UInt64(byte)) &* 0x100_0000_01B3
            words.1 = (words.1 ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        words.0 = words.0 & 0xFFFF_FFFF_FFFF_0FFF | 0x8000
        words.1 = words.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        let digits = [words.0, words.1].map { word in
            let text = String(word, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }.joined()
        var id = ""
        for (index, digit) in digits.enumerated() {
            if index == 8 || index == 12 || index == 16 || index == 20 { id += "-" }
            id.append(digit)
        }
        return WorkflowID(id)
    }
}

extension WorkflowContext {
    /// The run that a node of type `workflow` has started or starts next; `nil` for other nodes.
    public func child(ofNodeAt index: Int) -> WorkflowID? {
        guard case .workflow = writtenRules(ofNodeAt: index)?.control else { return nil }
        // An attempt that was lost with the server, or could not follow its run, leaves that run to the next one.
        let ended = nodes[index].earlierAttempts.count { attempt in
            attempt.error.map { $0.code != .lost && !$0.isTransport } ?? true
        }
        return .child(of: id, node: nodes[index].id, number: ended)
    }
}
