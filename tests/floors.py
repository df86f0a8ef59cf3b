"""Where each module of the package stands; `test_layout` holds it."""

# Bottom first. A module imports from the floors below its own only; a new one
# gets its place here. Entries stand above all, found by their last line.
FLOORS = [
    set(names.split())
    for names in (
        "errors",
        "averaging config_checks distribution entry files fov health layers "
        "map_files map_values realism record_file scored_image score_table "
        "smooth_displacement style_weights synthetic_plan utility_pace "
        "vessel_centreline",
        "config_data synthetic_store vessel_deformation vessel_statistics",
        "config",
        "augment discriminator generator losses metrics segmenter style "
        "style_losses builders config_flags evaluation_flags figures geometry "
        "interruption phantom predictions run_record synthetic_flags "
        "utility_flags",
        "centerline_loss colour_code drawn_vessels model_folder sign_flip "
        "utility_arms views",
        "bootstrap checkpoint data features gradient_shares inspection "
        "photographs stored_photographs style_objective summaries tasks "
        "utility_plan utility_report vessel_metrics vessel_sources",
        "assessment example_set synthesis_report synthesis_scores "
        "synthetic_gate synthetic_pictures synthetic_records utility_page "
        "utility_steps",
        "evaluation inference painted_fundi saved_models train_state "
        "utility_run",
        "ensemble own_images synthesis_evaluation synthesis_validation "
        "train_step",
        "style_setup synthetic_job synthetic_pairs validation",
        "run_evaluation synthetic_recipe synthetic_summary synthetic_workers "
        "trainer",
        "synthetic_run",
        "synthetic_pipeline",
    )
]
# A module too long for one file goes on in `<name>_<part>.py`.
FAMILIES = ("builders", "phantom")
