import type { components, paths } from './schema';

type Schemas = components['schemas'];

export type Asset = Schemas['Asset'];
export type AssetDetail = Schemas['AssetDetail'];
export type AssetJob = Schemas['AssetJob'];
type AssetQuery = NonNullable<paths['/api/v1/assets']['get']['parameters']['query']>;
/** What a list of pictures is asked for, without its pages. */
export type AssetFilter = Omit<AssetQuery, 'cursor' | 'limit' | 'sort'>;
export type Budget = Schemas['Budget'];
export type Me = Schemas['Me'];
export type MeChange = Schemas['MeChange'];
export type Model = Schemas['Model'];
export type Operation = Schemas['Operation'];
export type Parameter = Schemas['Parameter'];
export type Preset = Schemas['Preset'];
export type PresetChange = Schemas['PresetChange'];
export type PresetInput = Schemas['PresetInput'];
export type Provider = Schemas['Provider'];
export type ProviderField = Schemas['ProviderField'];
export type ProviderFile = Schemas['ProviderFile'];
export type ProviderHealth = Schemas['ProviderHealth'];
export type ProviderImport = Schemas['ProviderImport'];
export type ProviderKind = Schemas['ProviderKind'];
export type ProviderTest = Schemas['ProviderTest'];
export type Queue = Schemas['Queue'];
export type QueueLane = Schemas['QueueLane'];
export type QueueStats = Schemas['QueueStats'];
export type Recipe = Schemas['Recipe'];
export type Run = Schemas['Run'];
export type RunRequest = Schemas['RunRequest'];
export type Setting = Schemas['Setting'];
export type Task = Schemas['Task'];
export type TaskDetail = Schemas['TaskDetail'];
export type Token = Schemas['Token'];
export type UploadItem = Schemas['UploadItem'];
export type UsageItem = Schemas['UsageItem'];
export type UsageTotal = Schemas['UsageTotal'];
