"""Training: a file a stage (align, distill, tune, retriever, fusion, calibration, teacher_captions), the one loop
(trainer), every loss (losses), and recipes that run the stages in order (recipe/)."""
