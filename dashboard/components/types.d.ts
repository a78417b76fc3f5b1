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

/** The sample and the slice that a map shows as selected; see `focus` in map.py. */
interface MapSelection {
  frame: string;
  sample: string;
  /** One bit per point, packed as by numpy, in base64; null where no slice is selected. */
  members: string | null;
  /** The border of the slice in each pane, in units of the map. */
  outlines: (Point[] | null)[];
  /** The position in each pane of a sample that is not among the points. */
  extra: (Point | null)[];
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
  dmilMapCard?: { id: string; pictures: SamplePictures };
  dmilPlotly?: Promise<PlotlyLibrary> | null;
  Plotly?: PlotlyLibrary;
}
