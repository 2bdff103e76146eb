"""Amazon Bedrock: Claude by InvokeModel, with Anthropic's bodies in AWS's frames and errors."""
