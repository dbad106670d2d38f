// SPDX-License-Identifier: Apache-2.0
// What the dashboard may say: the types of Grafana's own packages, put together for the panels that it has. See README.md.
import { Dashboard, FieldConfig, FieldConfigSource, MatcherConfig, Panel, RowPanel } from '@grafana/schema/dist/types/raw/dashboard/x/dashboard_types.gen';
import { GraphFieldConfig } from '@grafana/schema/dist/types/common/common.gen';
import { Options as StatOptions } from '@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import { Options as TimeSeriesOptions } from '@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';
import { Dataquery } from './node_modules/@grafana/grafana-foundation-sdk/dist/prometheus/types.gen';

/** A question of Prometheus, which the dashboard's own types leave open. */
interface Query extends Omit<Dataquery, '_implementsDataqueryVariant' | 'refId'> {
  refId: string;
}

interface Fields<Custom> extends Omit<FieldConfigSource, 'defaults'> {
  defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom };
}

interface Shown<Type, Options, Custom> extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  type: Type;
  options?: Partial<Options>;
  fieldConfig?: Fields<Custom>;
  targets: Query[];
}

export interface TintypeDashboard extends Omit<Dashboard, 'panels'> {
  panels: (
    | Shown<'timeseries', TimeSeriesOptions, GraphFieldConfig>
    | Shown<'stat', StatOptions, Record<string, never>>
    | RowPanel
  )[];
}
