public import FlowCore

/// The node types that ship with the product.
public enum BuiltInNodeTypes {
    /// All of them.
    ///
    /// - Parameter calls: How nodes call out.
    public static func catalog(calls: OutboundHTTP) -> NodeTypeCatalog {
        NodeTypeCatalog([
            PassthroughNode(), SetNode(), DelayNode(), FailNode(), HTTPNode(calls: calls), LLMNode(calls: calls),
        ])
    }
}
