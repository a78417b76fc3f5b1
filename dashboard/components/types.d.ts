// Types that several scripts share, and what they keep on `window` to reach each other.

/** What Streamlit hands to the script of a component each time its data change. */
interface ComponentArguments<Data> {
  parentElement: HTMLElement | ShadowRoot;
  data: Data;
  setTriggerValue(name: string, value: unknown): void;
  setStateValue(name: string, value: unknown): void;
}

/** Called by Streamlit when the component leaves the page. */
type Cleanup = () => void;

/** x and y: pixels of a canvas, or units of a map. */
type Point = [number, number];

/** The sample that a map shows as open, and those that are selected; see `focus` in map.py. */
interface MapSelection {
  frame: string;
  sample: string;
  /** One bit per point, packed as by numpy, in base64; null where there is no selection. */
  members: string | null;
  /** The border of the slice in each pane, in units of the map. */
  outlines: (Point[] | null)[];
  /** The position in each pane of a sample that is not among the points. */
  extra: (Point | null)[];
  /** How many are selected, in words. */
  said: string;
  /** Whether each selected point has a ring. */
  ringed: boolean;
}

/** A cluster's name, its middle from left to right, its upper and lower edge in units of a map. */
type MapName = [text: string, x: number, top: number, bottom: number];

/** The names in each pane; see `name` in map.py. */
interface MapNames {
  frame: string;
  names: MapName[][];
}

/** What a sample looks like: ("picture", data URI) or ("text", text) for each modality. */
type SamplePictures = ["picture" | "text", string][];

/** The part of Plotly that is used here. */
interface PlotlyLibrary {
  react(host: HTMLElement, data: object[], layout: object, config: object): Promise<void>;
  toImage(figure: object, options: object): Promise<string>;
}

interface Window {
  dmilMapSelection?: MapSelection;
  dmilMapNames?: MapNames;
  dmilMapCard?: { id: string; pictures: SamplePictures };
  dmilPlotly?: Promise<PlotlyLibrary> | null;
  Plotly?: PlotlyLibrary;
}
