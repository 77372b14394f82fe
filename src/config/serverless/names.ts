/** The logical ids that the Serverless Framework gives what it makes: resources refer to them. */

/** `place-order` → `PlaceDashorder`. */
export function normalized(name: string): string {
  const words = name.replaceAll('-', 'Dash').replaceAll('_', 'Underscore');
  const plain = words.replace(/[^0-9A-Za-z]/g, '');
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

export const functionId = (key: string): string => `${normalized(key)}LambdaFunction`;
export const layerId = (key: string): string => `${normalized(key)}LambdaLayer`;
export const bucketId = (name: string): string => `S3Bucket${normalized(name)}`;
export const topicId = (name: string): string => `SNSTopic${normalized(name)}`;
export const busId = (name: string): string => `${normalized(name)}EventBridgeEventBus`;
export const REST_API = 'ApiGatewayRestApi';
export const HTTP_API = 'HttpApi';
export const SOCKET_API = 'WebsocketsApi';
