let invocations = 0;

export const handler = async (event, context) => {
  invocations += 1;
  console.log(`invocation ${invocations} of this environment`);
  return {
    message: `${process.env.GREETING}, ${event.name ?? 'world'}, from Node.js ${process.version}`,
    requestId: context.awsRequestId,
    invocations,
  };
};
